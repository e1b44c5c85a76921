"""What is measured, and in which direction it should go."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of one question, of which reports give the mean.

    Attributes:
        title: For people.
        better: 1 where more is better, -1 where less is, 0 where neither is.
    """

    title: str
    better: int = 1


MEASURES = {
    "correctness": Measure("answers that are right"),
    "answer_rank": Measure("rank of the first statement that helps"),
    "evidence_rank": Measure("rank of the first statement that cites evidence"),
    "pair_recall": Measure("pairs found"),
    "pair_precision": Measure("statements of events that are right"),
    "citation_exactness": Measure("quotes that are exact"),
    "citation_recall": Measure("citation recall"),
    "citation_precision": Measure("citation precision"),
    "citation_focus": Measure("characters of quotes that are evidence"),
    "statement_support": Measure("words of statements in their quotes"),
    "abstention_precision": Measure("abstentions that are right"),
    "abstention_recall": Measure("abstentions of those due"),
    "wrong_answers": Measure("answers to the unanswerable", better=-1),
    "conflicts_shown": Measure("conflicts shown"),
    "recall_at_10": Measure("evidence passages in the first 10"),
    "ndcg_at_10": Measure("nDCG@10 of evidence passages"),
    "mrr": Measure("MRR of evidence passages"),
    "search_halves": Measure("halves of the search that move the ranking"),
    "statements": Measure("statements of an answer", better=0),
}
