"""Compiles the text pixel maps of ``assets/sprites`` to pictures and their JSON descriptions."""
