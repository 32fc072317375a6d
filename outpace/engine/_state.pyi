REGISTER_PLACES: dict[str, int]
