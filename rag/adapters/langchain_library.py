"""A library as parts of LangChain programs: a retriever of its passages, and a runnable that answers with citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.content import Citation, ContentBlock, TextContentBlock
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import Field, GetPydanticSchema
from pydantic_core import core_schema

from rag.errors import InvalidQuestion
from rag.library import Library
from rag.types import DEFAULT_COLLECTION, Abstention, Document, Filters, Quote, Reply, Span, Usage

# As it is: pydantic would look into its fields, of which some are protocols.
_Opened = Annotated[Library, GetPydanticSchema(lambda *_: core_schema.is_instance_schema(Library))]


class LibraryRetriever(BaseRetriever):
    """Finds passages. `metadata` has the document's id, version and title, the passage's place, and its score.

    Attributes:
        library: What is searched; whoever opened it closes it.
        collection: Which of its collections.
        k: Passages, at the most.
        filters: Which documents may be seen.
    """

    library: _Opened
    collection: str = DEFAULT_COLLECTION
    k: int = Field(10, ge=1)
    filters: Filters = Filters()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 # as LangChain calls it
    ) -> list[LangChainDocument]:
        found = self.library.search(
            query, collection=self.collection, k=self.k, filters=self.filters
        )
        return [
            LangChainDocument(
                id=f"{one.passage.document_id}@{one.passage.version}#{span.start}-{span.end}",
                page_content=one.passage.text,
                metadata=_place(found.documents[one.passage.document_id], span)
                | {"score": one.score},
            )
            for one in found.passages
            for span in (one.passage.span,)
        ]


def answering(
    library: Library, collection: str = DEFAULT_COLLECTION
) -> Runnable[str | Sequence[BaseMessage], AIMessage]:
    """A runnable that takes a question, or messages of which the last one asks, and gives a message with citations.

    Each statement, and each side that sources disagree on, is a text block, whose annotations are its quotes:
    `cited_text` is the quote to the letter, and `extras` has its document and offsets in code points.
    `response_metadata` has the outcome, what is missing, and who wrote it; `usage_metadata` what a language model took.
    An abstention is the reason, without a citation; there, `response_metadata` has what was `searched`, and what came
    `closest` in the form of citations, which supports nothing.

    Args:
        library: What is asked; whoever opened it closes it.
        collection: Which of its collections.

    Raises:
        InvalidQuestion, UnknownCollection: when it is invoked; as `Library.ask`, or the last message asks nothing.
    """

    def answer(asked: str | Sequence[BaseMessage]) -> AIMessage:
        question, earlier = _conversation(asked)
        return _message(library.ask(question, collection=collection, earlier=earlier))

    return RunnableLambda(answer, name="chapterverse")


def _conversation(asked: str | Sequence[BaseMessage]) -> tuple[str, list[str]]:
    if isinstance(asked, str):
        return asked, []
    if not asked or not isinstance(asked[-1], HumanMessage):
        raise InvalidQuestion("The last message is no question of a person.")
    *earlier, question = [str(one.text) for one in asked if isinstance(one, HumanMessage)]
    return question, earlier


def _message(reply: Reply) -> AIMessage:
    response = reply.response
    blocks: list[ContentBlock]
    missing: list[str] = []
    more: dict[str, Any] = {}
    if isinstance(response, Abstention):
        blocks = [TextContentBlock(type="text", text=response.reason)]
        more = {
            "searched": asdict(response.searched),
            "closest": [_cited(one, reply) for one in response.closest],
        }
    else:
        blocks = [_block(one.text, one.quotes, reply) for one in response.statements]
        blocks += [
            _block(f"Sources disagree on {conflict.about}: {one.value}", one.quotes, reply)
            for conflict in response.conflicts
            for one in conflict.positions
        ]
        missing = list(response.missing)
    return AIMessage(
        content_blocks=blocks,
        id=reply.id,
        usage_metadata=_usage(reply.usage),
        response_metadata={
            "outcome": response.outcome,
            "missing": missing,
            "standalone_question": reply.standalone_question,
            "composer": reply.composer,
            "degraded": reply.degraded,
            "model_name": reply.model,
            "snapshot": reply.snapshot,
            **more,
        },
    )


def _usage(usage: Usage | None) -> UsageMetadata | None:
    if usage is None:
        return None
    taken, given = usage.input_tokens, usage.output_tokens
    return UsageMetadata(input_tokens=taken, output_tokens=given, total_tokens=taken + given)


def _block(text: str, quotes: Sequence[Quote], reply: Reply) -> TextContentBlock:
    return TextContentBlock(
        type="text",
        text=text,
        annotations=[_citation(one, text, reply) for one in dict.fromkeys(quotes)],
    )


def _citation(quote: Quote, text: str, reply: Reply) -> Citation:
    """A quote that carries all of a text."""
    return _cited(quote, reply) | Citation(type="citation", start_index=0, end_index=len(text))


def _cited(quote: Quote, reply: Reply) -> Citation:
    document = reply.documents[quote.document_id, quote.version]
    citation = Citation(
        type="citation",
        title=document.title,
        cited_text=quote.text,
        extras=_place(document, quote.span),
    )
    if document.source_url is not None:
        citation["url"] = document.source_url
    return citation


def _place(document: Document, span: Span) -> dict[str, Any]:
    """A place in terms that LangChain's stores can keep; what is not known of it is left out."""
    place = asdict(document.place(span)) | {"source_url": document.source_url}
    known = {name: said for name, said in place.items() if said not in (None, ())}
    if "section" in known:
        known["section"] = " › ".join(known["section"])
    return {
        "document_id": document.id,
        "version": document.version,
        "title": document.title,
        "start": span.start,
        "end": span.end,
        **known,
    }
