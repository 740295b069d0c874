"""Reading aloud, and questions by voice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpeechWords:
    """All of them go to the page's script (static/speech.js)."""

    reading_aloud: str
    play: str
    pause: str
    stop_reading: str
    microphone: str
    microphone_stop: str
    speed: str
    voice: str
    download: str
    sentence_of: str
    not_read: str
    press_play: str
    nothing_to_read_aloud: str
    hands_free: str
    hands_free_on: str
    hands_free_off: str
    recognising: str
    heard_nothing: str
    heard_part: str


ENGLISH = SpeechWords(
    reading_aloud="Reading aloud",
    play="Play",
    pause="Pause",
    stop_reading="Stop",
    microphone="Ask by voice",
    microphone_stop="Stop the microphone",
    speed="Speed",
    voice="Voice",
    download="Download as {format}",
    sentence_of="Sentence {n} of {total}",
    not_read="This could not be read aloud. The answer stays as it is; try again, or choose another voice.",
    press_play="The browser waits for you: press Play.",
    nothing_to_read_aloud="There is no answer in this chat yet that could be read aloud.",
    hands_free="Hands free",
    hands_free_on="Hands free is on: what you say is asked once you pause, and the answer is read aloud. "
    "Start the microphone to begin.",
    hands_free_off="Hands free is off.",
    recognising="Recognising what you said …",
    heard_nothing="Nothing was heard. Check the microphone and say it again, or type your question.",
    heard_part="Only the first {seconds} seconds were taken; say the rest as a second part.",
)

GERMAN = SpeechWords(
    reading_aloud="Wird vorgelesen",
    play="Abspielen",
    pause="Pause",
    stop_reading="Anhalten",
    microphone="Mit der Stimme fragen",
    microphone_stop="Mikrofon anhalten",
    speed="Tempo",
    voice="Stimme",
    download="Als {format} herunterladen",
    sentence_of="Satz {n} von {total}",
    not_read="Dies konnte nicht vorgelesen werden. Die Antwort bleibt, wie sie ist; versuchen Sie es noch einmal, oder "
    "wählen Sie eine andere Stimme.",
    press_play="Der Browser wartet auf Sie: Drücken Sie auf Abspielen.",
    nothing_to_read_aloud="In diesem Chat gibt es noch keine Antwort, die vorgelesen werden könnte.",
    hands_free="Freihändig",
    hands_free_on="Freihändig ist an: Was Sie sagen, wird nach einer Pause gefragt, und die Antwort wird vorgelesen. "
    "Starten Sie das Mikrofon, um zu beginnen.",
    hands_free_off="Freihändig ist aus.",
    recognising="Gesprochenes wird erkannt …",
    heard_nothing="Es war nichts zu hören. Prüfen Sie das Mikrofon und sagen Sie es noch einmal, oder tippen Sie Ihre "
    "Frage.",
    heard_part="Nur die ersten {seconds} Sekunden wurden genommen; sagen Sie den Rest als zweiten Teil.",
)
