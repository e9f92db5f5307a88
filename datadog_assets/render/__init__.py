"""A plan for people and programs: `to_text`, `to_json`, `to_markdown`. In none of them is a secret shown."""
