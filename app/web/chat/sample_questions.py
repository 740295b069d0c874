"""What the empty chat page offers to ask about the sample documents."""

from app.web.chat.backend import Starter

SAMPLE_QUESTIONS = (
    Starter("Parental leave", "How many days of parental leave does the handbook give?"),
    Starter("Hotel in Denmark", "How expensive may my hotel in Denmark be per night?"),
    Starter("Error code E21", "The Terra 80-3 shows E21. What is wrong?"),
    Starter("Auslösung", "Wie hoch ist die Auslösung für einen vollen Montagetag im Inland?"),
)
