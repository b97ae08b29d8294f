"""Why each hub stands where it does, and what each constraint costs."""
