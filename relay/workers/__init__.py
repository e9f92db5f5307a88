"""Several processes that receive, for one spool and one forwarder.

The main process binds the address, has the spool and the forwarder, and keeps the workers at work (`pool`).
Each worker accepts from the one socket that all share, reads requests and makes records of them
(`receiving`); the records go over a channel of its own (`channel`) into the main process's spool, and the
request is answered once that has them on disk. So a repeat is found whichever worker it comes to, and a
worker that dies takes with it only requests that had no answer.

`worker_process` is a worker as the main process sees it, `main_process` the reverse. They send each other:

| kind | from | number | value |
|---|---|---|---|
| put | worker | of the question | a list of records |
| unready, show | worker | of the question | - |
| done, failed | main | of the question | what came of it; an error's name and text |
| ready | worker | - | -: it takes requests |
| count | main | of the question | - |
| tally | worker | of the question, or 0 | what it has counted since the last one |
| orders | main | - | `Orders` |
| stop | main | - | - |

The channel's end is the other process's end: a worker whose main process is gone ends at once.
"""
