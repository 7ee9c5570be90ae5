import type { EngineEvent } from "../pulumi";
import { Heard } from "./heard";

const summary: EngineEvent = { summaryEvent: { resourceChanges: {}, durationSeconds: 1 } };

test("a preview of which nothing was heard is no plan that changes nothing", () => {
  const events: EngineEvent[] = [];
  const heard = new Heard((event) => events.push(event));
  expect(heard.missing()).toContain("were not heard to their end");
  heard.listen({});
  expect(heard.missing()).toContain("were not heard to their end");
  heard.listen(summary);
  expect(heard.missing()).toBeUndefined();
  expect(events).toEqual([{}, summary]);
});

test("what a listener throws is thrown, though the API swallows it", () => {
  const heard = new Heard(() => {
    throw new Error("deaf");
  });
  heard.listen(summary);
  expect(() => heard.missing()).toThrow("deaf");
});
