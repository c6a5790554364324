"""Attribution methods, one family a file; each offers itself by entry point."""
