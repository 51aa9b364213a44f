"""Mail: the message, the outbox that remembers it, and the two ways it leaves (SMTP, a folder of .eml files).

Nothing here computes a number; a message says what the finished documents say.
"""
