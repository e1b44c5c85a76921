"""The calls of OpenAI's API that existing clients make: models, chat completions, responses."""
