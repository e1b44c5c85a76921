/** The bodies of HTTP that the page reads, as docs/http.md has them. Offsets count code points. */

export type Box = [left: number, top: number, right: number, bottom: number];

export interface Citation {
  marker: number;
  document_id: string;
  document_version: string;
  document_title: string;
  published: string | null;
  quote: string;
  start: number;
  end: number;
  page: number | null;
  page_label: string | null;
  boxes: Box[] | null;
  continued: { page: number; boxes: Box[] }[] | null;
  time_s: number | null;
  time_end_s: number | null;
  section: string | null;
  part: string | null;
  sheet: string | null;
  row: number | null;
  source_url: string | null;
}

export interface DatedEvent {
  date: string;
  precision: "day" | "month" | "year";
  derived_from: number;
  rule: string;
}

export interface Statement {
  text: string;
  citations: number[];
  event: DatedEvent | null;
}

export interface Conflict {
  about: string;
  values: { value: string; citations: number[]; independent_sources: number }[];
}

export interface Abstention {
  reason: string;
  searched: { collection: string; documents: number; passages: number };
  closest: Citation[];
}

export interface Answer {
  id: string;
  question: string;
  standalone_question: string;
  outcome: "answered" | "partial" | "abstained";
  text: string;
  statements: Statement[];
  citations: Citation[];
  conflicts: Conflict[];
  missing: string[];
  abstention: Abstention | null;
  confidence: number | null;
  composer: string;
  degraded: boolean;
  model: string | null;
  snapshot: string;
  timings_ms: Record<string, number>;
}

export interface Passage {
  document_id: string;
  document_version: string;
  document_title: string;
  text: string;
  start: number;
  end: number;
  page: number | null;
  section: string | null;
  ranks: { lexical: number | null; dense: number | null; fused: number };
  score: number;
}

export interface Retrieved {
  id: string;
  standalone_question: string;
  passages: Passage[];
  snapshot: string;
}

export type CitationState = "exact" | "superseded" | "deleted" | "changed";

export interface StoredAnswer {
  answer: Answer;
  collection: string;
  asked_at: string;
  citations: { marker: number; state: CitationState }[];
  feedback: Feedback[];
}

export interface Feedback {
  verdict: "good" | "bad" | "unsupported";
  marker: number | null;
  comment: string | null;
}

export interface StatedDate {
  value: string;
  found_by: string;
}

export type DateField = "published" | "recorded" | "original";

export interface Document {
  id: string;
  version: string;
  collection: string;
  title: string;
  media_type: string;
  source_key: string | null;
  source_url: string | null;
  language: string | null;
  published: string | null;
  dates: Record<DateField, StatedDate | null>;
  added_at: string;
  near_duplicates: string[];
  /** Only where one document is asked for. */
  versions?: string[];
  report: {
    characters: number;
    pages: number;
    passages: number;
    partial: boolean;
    warnings: string[];
  };
}

export interface Job {
  id: string;
  state: "queued" | "parsing" | "embedding" | "committed" | "failed";
  done: number;
  total: number;
  document_id: string | null;
  reason: string | null;
}

export interface Collection {
  name: string;
  documents: number;
  passages: number;
  disk_bytes: number;
}

export interface Filters {
  document_ids?: string[];
  published_after?: string;
  published_before?: string;
}

export type ComposerName = "auto" | "extractive" | "chat";

export interface Composers {
  composers: Exclude<ComposerName, "auto">[];
  auto: Exclude<ComposerName, "auto">;
}

export interface Question {
  question: string;
  collection: string;
  composer: ComposerName;
  filters: Filters;
}

export interface HistoryTurn {
  role: "user" | "assistant";
  content: string;
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id: string;
  known?: string[];
}

export interface TextSlice {
  text: string;
  start: number;
  end: number;
}

export interface Landmark {
  kind: "page" | "section" | "time" | "part" | "row";
  start: number;
  label: string;
}

export interface FoundPlace {
  start: number;
  end: number;
  text: string;
  around: string;
  page: number | null;
  time_s: number | null;
  section: string | null;
}
