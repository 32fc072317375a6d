// What the console uses of htm-preact.js, for the type checker.

type Effect = () => void | (() => void);

export function h(type: any, props: any, ...children: any[]): any;
export function html(strings: TemplateStringsArray, ...values: any[]): any;
export function render(what: any, where: Element): void;
export function createContext<T>(value: T): any;
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useReducer<S, A>(reduce: (state: S, action: A) => S, first: S): [S, (action: A) => void];
export function useEffect(effect: Effect, given?: unknown[]): void;
export function useLayoutEffect(effect: Effect, given?: unknown[]): void;
export function useRef<T>(first: T): { current: T };
export function useMemo<T>(make: () => T, given: unknown[]): T;
export function useCallback<T extends (...args: any[]) => any>(callback: T, given: unknown[]): T;
export function useContext(context: any): any;
export function useErrorBoundary(onError?: (error: any) => void): [any, () => void];
