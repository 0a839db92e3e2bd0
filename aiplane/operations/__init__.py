"""Operations: what people and probes do to jobs and see of them."""
