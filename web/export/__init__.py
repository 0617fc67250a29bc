"""The public stream as files that need no server: what `mpower-stream export` writes and checks. Decides nothing."""
