import { createParser, type EventSourceMessage } from "eventsource-parser";

/** The events of a stream as an EventSource sees them; throws at anything that is not SSE. */
export function sseEvents(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(text);
  return events;
}

/** The data of all events with that name. */
export function dataOf(text: string, name: string): unknown[] {
  return sseEvents(text)
    .filter(({ event }) => event === name)
    .map(({ data }) => JSON.parse(data));
}

/** Ids of the messages in a stream, in order. */
export function messageIds(text: string): number[] {
  return sseEvents(text)
    .filter(({ event, id }) => event === "message" && id !== undefined)
    .map(({ id }) => Number(id));
}
