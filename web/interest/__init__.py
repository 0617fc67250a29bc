"""The form behind a call: shown, checked and received. Keeps nothing itself."""
