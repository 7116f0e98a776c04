// Placeholder until this target stands.
