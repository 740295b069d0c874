"""What is read aloud: answers as sentences that can be spoken, and sounds as files. Pure, below the operations."""
