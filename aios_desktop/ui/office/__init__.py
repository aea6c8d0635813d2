"""The office on the screen: one widget, its pictures, its name plates."""
