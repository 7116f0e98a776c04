// Placeholder until this program stands.
