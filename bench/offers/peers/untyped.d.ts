/** What the bench uses of json-logic-js, which has no types of its own. */
declare module 'json-logic-js' {
  const jsonLogic: {
    apply(rule: unknown, facts: unknown): unknown;
    truthy(value: unknown): boolean;
  };
  export default jsonLogic;
}
