"""Speech: audio formats, voice activity, models, recognition and synthesis, and the processes that hold them."""
