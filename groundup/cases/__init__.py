"""How each thing is held against its independent reference."""
