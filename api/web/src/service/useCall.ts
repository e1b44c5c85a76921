/** Something of the service that a component shows, fetched again when its address changes. */

import { useCallback, useEffect, useState } from "react";
import { useStore } from "../state/store";
import { signedIn } from "../state/views";
import { CallFailed, get, unreachable } from "./http";

export interface Loaded<T> {
  value: T | null;
  failure: CallFailed | null;
  reload: () => void;
}

/** The JSON at `path`, or nothing where that is null. */
export function useCall<T>(path: string | null): Loaded<T> {
  const [loaded, setLoaded] = useState<{
    of: string | null;
    value: T | null;
    failure: CallFailed | null;
  }>({ of: null, value: null, failure: null });
  const [times, setTimes] = useState(0);
  const key = useStore(signedIn, (now) => now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `times` and `key` ask for the same again
  useEffect(() => {
    if (path === null) return;
    const control = new AbortController();
    get<T>(path, control.signal).then(
      (value) => setLoaded({ of: path, value, failure: null }),
      (error: unknown) => {
        if (control.signal.aborted) return;
        const failure = error instanceof CallFailed ? error : unreachable();
        setLoaded((before) => ({
          of: path,
          value: before.of === path ? before.value : null,
          failure,
        }));
      },
    );
    return () => control.abort();
  }, [path, times, key]);
  const reload = useCallback(() => setTimes((now) => now + 1), []);
  return loaded.of === path
    ? { value: loaded.value, failure: loaded.failure, reload }
    : { value: null, failure: null, reload };
}
