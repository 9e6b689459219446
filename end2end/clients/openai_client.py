"""The official Python client against Rivulet, unmodified.

Run by `tests/openai_clients.test.mjs` with the base address as the argument;
the models that it names are scripted there. A failed assertion is the result.
"""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="unused", max_retries=0)

# The list of models, and one of them.
models = [model.id for model in client.models.list()]
assert "openai/plain" in models, models
assert client.models.retrieve("openai/plain").id == "openai/plain"

QUESTION = [{"role": "user", "content": "Hi"}]

# In one piece.
whole = client.chat.completions.create(model="openai/plain", messages=QUESTION)
assert whole.choices[0].message.content == "One two three", whole
assert whole.choices[0].finish_reason == "stop"
assert whole.usage.completion_tokens == 3
assert whole.usage.total_tokens == whole.usage.prompt_tokens + 3

# As a stream, with usage.
stream = client.chat.completions.create(
    model="openai/plain",
    messages=QUESTION,
    stream=True,
    stream_options={"include_usage": True},
)
text, usage = "", None
for chunk in stream:
    for choice in chunk.choices:
        text += choice.delta.content or ""
    usage = chunk.usage or usage
assert text == "One two three", text
assert usage.completion_tokens == 3

# What OpenAI's format has no word for, in headers and extra fields.
raw = client.chat.completions.with_raw_response.create(
    model="openai/down",
    messages=QUESTION,
    extra_body={"fallbacks": ["openai/plain"]},
)
assert raw.headers["x-rivulet-model"] == "openai/plain"
assert int(raw.headers["x-rivulet-attempts"]) > 1
assert raw.parse().model_extra["rivulet"]["fallbacks"] == 1

# Tools, streamed and put together by the client's own helper.
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]
with client.chat.completions.stream(
    model="openai/tools", messages=QUESTION, tools=TOOLS
) as events:
    completion = events.get_final_completion()
message = completion.choices[0].message
assert completion.choices[0].finish_reason == "tool_calls"
assert message.tool_calls[0].function.name == "weather"
assert message.tool_calls[0].function.parsed_arguments == {"city": "Oslo"}

answered = client.chat.completions.create(
    model="openai/plain",
    messages=[
        *QUESTION,
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "wet"},
    ],
    tools=TOOLS,
)
assert answered.choices[0].message.content == "One two three"

# An image, and stop sequences.
seen = client.chat.completions.create(
    model="openai/plain",
    stop=["END"],
    messages=[
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        }
    ],
)
assert seen.choices[0].message.content == "One two three"

# Errors become the client's own exceptions.
try:
    client.chat.completions.create(model="openai/none-such/x", messages=[])
    raise SystemExit("an empty request was taken")
except openai.BadRequestError as error:
    assert error.param == "messages", error
try:
    client.chat.completions.create(model="nowhere/x", messages=QUESTION)
    raise SystemExit("a model that does not exist answered")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
try:
    client.chat.completions.create(
        model="openai/limited", messages=QUESTION, extra_body={"fallbacks": []}
    )
    raise SystemExit("a limit was not told")
except openai.RateLimitError as error:
    assert error.code == "rate_limit_exceeded", error

# A stream that breaks off is an error and not a short answer.
broken = client.chat.completions.create(
    model="openai/broken", messages=QUESTION, stream=True, extra_body={"fallbacks": []}
)
try:
    for _ in broken:
        pass
    raise SystemExit("a broken stream was taken for a whole one")
except openai.APIError:
    pass

print("the Python client is content")
