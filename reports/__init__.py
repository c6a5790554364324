"""Reporters: they read an `audit.result.AuditResult` and write text. They know no probe."""
