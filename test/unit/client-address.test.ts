import assert from "node:assert/strict";
import { test } from "node:test";
import { addressBlock, clientAddress } from "../../services/api/client-address.ts";

test("without proxies of ours X-Forwarded-For is not believed", () => {
  assert.equal(clientAddress("203.0.113.9", "198.51.100.1", 0), "203.0.113.9");
});

test("behind one proxy the last entry counts, whatever the client put before it", () => {
  assert.equal(clientAddress("10.0.0.1", "1.1.1.1, 198.51.100.1", 1), "198.51.100.1");
});

test("behind two proxies the last entry but one counts", () => {
  assert.equal(clientAddress("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", 2), "198.51.100.1");
});

test("with fewer entries than proxies the first one counts", () => {
  assert.equal(clientAddress("10.0.0.1", "198.51.100.1", 3), "198.51.100.1");
});

test("an entry that is no address is not believed", () => {
  assert.equal(clientAddress("10.0.0.1", "unknown", 1), "10.0.0.1");
  assert.equal(clientAddress("10.0.0.1", "", 1), "10.0.0.1");
});

test("an IPv4 address over an IPv6 socket is that IPv4 address", () => {
  assert.equal(clientAddress("::ffff:203.0.113.9", undefined, 0), "203.0.113.9");
});

test("IPv6 addresses of one /64 network are one block", () => {
  assert.equal(addressBlock("2001:db8::1"), addressBlock("2001:db8:0:0:ffff::2"));
  assert.notEqual(addressBlock("2001:db8::1"), addressBlock("2001:db8:0:1::1"));
  assert.equal(addressBlock("::1"), "0:0:0:0");
  assert.equal(addressBlock("fe80::1%eth0"), "fe80:0:0:0");
});

test("an IPv4 address is its own block", () => {
  assert.equal(addressBlock("203.0.113.9"), "203.0.113.9");
});
