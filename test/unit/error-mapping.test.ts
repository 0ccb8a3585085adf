import assert from "node:assert/strict";
import { test } from "node:test";
import { Errors } from "moleculer";
import { type ErrorName, errors, ProductError } from "../../contracts/errors.ts";
import { errorAnswer, notRouted } from "../../services/api/error-response.ts";

const LOW = () => 0;
const HIGH = () => 0.999;

test("every error of the registry keeps its status, code and words", () => {
  for (const name of Object.keys(errors) as ErrorName[]) {
    const { status, live, message } = errors[name];
    const answer = errorAnswer(new ProductError(name));
    assert.equal(answer.status, status);
    assert.deepEqual(answer.body, {
      base_resp: { status_code: live, status_msg: message },
      data: null,
    });
  }
});

test("an error from another node is known by its type alone", () => {
  const answer = errorAnswer({
    name: "Error",
    type: "ROOM_NOT_LIVE",
    code: 500,
    data: { live_id: 5 },
  });
  assert.equal(answer.status, 409);
  assert.deepEqual(answer.body.data, { live_id: 5 });
});

test("a validator's findings become fields in plain words", () => {
  const error = new Errors.ValidationError("Parameters validation error!", "", [
    { type: "required", field: "live_id", message: "The 'live_id' field is required." },
    { type: "stringMin", field: "password", expected: 5, actual: 3, message: "…" },
    { type: "objectStrict", field: "style", expected: "mode", actual: "a, b" },
    { type: "text", field: "content", message: "is blank" },
    { type: "enumValue", field: "style.mode", expected: "scroll, top, bottom" },
  ]);
  const answer = errorAnswer(error);
  assert.equal(answer.name, "BAD_REQUEST");
  assert.deepEqual(answer.body.data?.fields, [
    { field: "live_id", problem: "is missing" },
    { field: "password", problem: "must have at least 5 characters" },
    { field: "style.a", problem: "is not a parameter here" },
    { field: "style.b", problem: "is not a parameter here" },
    { field: "content", problem: "is blank" },
    { field: "style.mode", problem: "must be one of scroll, top, bottom" },
  ]);
});

test("values that were refused are never repeated", () => {
  const error = new Errors.ValidationError("Parameters validation error!", "", [
    { type: "string", field: "password", actual: "hunter2", message: "hunter2" },
    { type: "unheardOf", field: "password", actual: "hunter2", message: "hunter2" },
  ]);
  assert.ok(!JSON.stringify(errorAnswer(error)).includes("hunter2"));
});

test("findings on the parameters of an inner action are our mistake", () => {
  const error = new Errors.ValidationError("Parameters validation error!", "", [
    { type: "required", field: "messages", action: "message.append" },
  ]);
  assert.equal(errorAnswer(error, ["push.send"]).name, "INTERNAL");
  assert.equal(errorAnswer(error, ["message.append"]).name, "BAD_REQUEST");
});

const place = { action: "live.single", nodeID: "n1" };
for (const error of [
  new Errors.ServiceNotFoundError(place),
  new Errors.ServiceNotAvailableError(place),
  new Errors.RequestTimeoutError(place),
  new Errors.RequestSkippedError(place),
  new Errors.RequestRejectedError(place),
  new Errors.QueueIsFullError(place),
  Object.assign(new Error("gone"), { name: "BrokerDisconnectedError", type: "BAD_GATEWAY" }),
]) {
  test(`${error.name} becomes UNAVAILABLE with a time to come back`, () => {
    const answer = errorAnswer(error, null, LOW);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["Retry-After"], "1");
    assert.equal(answer.body.data, null);
    assert.equal(answer.level, "warn");
  });
}

test("anything else becomes INTERNAL without inner details", () => {
  for (const thrown of [
    new Error("SELECT * FROM users"),
    new TypeError("x is not a function"),
    { type: "SEQUELIZE", data: { sql: "SELECT" } },
    "a string",
    null,
    undefined,
  ]) {
    const answer = errorAnswer(thrown);
    assert.equal(answer.status, 500);
    assert.equal(answer.level, "error");
    assert.equal(
      JSON.stringify(answer.body),
      '{"base_resp":{"status_code":10014,"status_msg":"internal error"},"data":null}',
    );
  }
});

test("Retry-After is the wait in whole seconds, rounded up, at least one", () => {
  const after = (ms: number) =>
    errorAnswer(new ProductError("RATE_LIMITED", { retry_after_ms: ms })).headers["Retry-After"];
  assert.equal(after(1), "1");
  assert.equal(after(1000), "1");
  assert.equal(after(1001), "2");
  assert.equal(after(Number.POSITIVE_INFINITY), "3600");
});

test("without a known wait, 503s are spread over one to five seconds", () => {
  const error = new ProductError("SEND_FAILED");
  assert.equal(errorAnswer(error, null, LOW).headers["Retry-After"], "1");
  assert.equal(errorAnswer(error, null, HIGH).headers["Retry-After"], "5");
});

test("a 401 says how to sign in, a 405 what is allowed", () => {
  assert.equal(errorAnswer(new ProductError("NEED_LOGIN")).headers["WWW-Authenticate"], "Bearer");
  assert.equal(errorAnswer(notRouted(["GET", "HEAD"])).headers.Allow, "GET, HEAD");
  assert.equal(errorAnswer(notRouted([])).status, 404);
});

test("a client's mistake is not logged as an error", () => {
  assert.equal(errorAnswer(new ProductError("BAD_REQUEST")).level, "debug");
  assert.equal(errorAnswer(new ProductError("REGISTER_FAILED")).level, "error");
});
