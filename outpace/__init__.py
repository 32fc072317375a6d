"""outpace: an outbound dialer engine."""
