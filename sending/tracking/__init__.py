"""What recipients do with a mail: they open it, follow its links, unsubscribe, or want no more tracking."""
