/** A check of a zod 4 schema: it looks at a parsed value and adds issues to the payload. */
export interface ZodCheck {
  readonly _zod: { check(payload: ZodPayload): unknown };
}

interface ZodPayload {
  value: unknown;
  issues: ZodIssue[];
  aborted?: boolean;
}

interface ZodIssue {
  readonly path?: readonly PropertyKey[];
  input?: unknown;
}

/**
 * A check of an object, for the same object without one property. What it reports at that property is dropped; once it
 * reads the property its verdict is open, so only what it reported before counts, and it may fail without harm.
 */
export function tolerantCheck(check: ZodCheck, name: string): ZodCheck {
  const run = (payload: ZodPayload): unknown => {
    const { value } = payload;
    if (typeof value !== 'object' || value === null) return check._zod.check(payload);
    const trial: ZodPayload = { ...payload, issues: [] };
    let issuesBeforeRead: number | undefined;
    trial.value = watchReads(value, name, () => (issuesBeforeRead ??= trial.issues.length));
    const watched = trial.value;

    const finish = (): void => {
      if (trial.aborted === true) payload.aborted = true;
      if (trial.value !== watched) payload.value = trial.value;
      for (const issue of trial.issues.slice(0, issuesBeforeRead)) {
        if (issue.path?.length === 1 && issue.path[0] === name) continue;
        if (issue.input === watched) issue.input = value;
        payload.issues.push(issue);
      }
    };
    const fail = (error: unknown): void => {
      if (issuesBeforeRead === undefined) throw error;
      finish();
    };

    try {
      const outcome = check._zod.check(trial);
      if (outcome instanceof Promise) return outcome.then(finish, fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
    finish();
    return undefined;
  };
  const internals = Object.create(check._zod, { check: { value: run, writable: true } }) as ZodCheck['_zod'];
  return Object.create(check, { _zod: { value: internals } }) as ZodCheck;
}

/** The object as it is, but for one property: it is not listed, and an attempt to read it is reported and throws. */
function watchReads(value: object, name: string, onRead: () => void): object {
  const refuse = (key: PropertyKey): void => {
    if (key !== name) return;
    onRead();
    throw new TypeError('the parameter is not known here');
  };
  return new Proxy(value, {
    get(target, key): unknown {
      refuse(key);
      return Reflect.get(target, key);
    },
    ownKeys: (target) => Reflect.ownKeys(target).filter((key) => key !== name),
    has(target, key) {
      refuse(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      refuse(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}
