"""What Datadog's log monitors do over a stream of logs, what they say, and who is told: rehearsed offline.

    log_query   logs("...").index("*").rollup("count").by("@flow_name").last("5m") > 5, taken apart
    monitor     fed with logs, evaluated at moments: gives what it would notify of, as `Transition`s
    message     what the notification says, and the @handles in it
    rules       whom the notification rules tell besides

Pure: nothing here reads a clock, a file or the network. What Datadog does not document is said where it
matters; what cannot be known offline is named as not rehearsed, not guessed.
"""
