/** An object with some of its methods replaced; the others still see all that is private to it. */
export function withMethods<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name): unknown => {
      if (name in methods) return Reflect.get(methods, name);
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? (...parameters: unknown[]): unknown => Reflect.apply(own, target, parameters) : own;
    },
  });
}
