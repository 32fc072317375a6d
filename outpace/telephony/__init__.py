"""The hands: one folder per kind of switch; bytes to messages, messages to facts. Knows no engine."""
