import { getCACertificates } from "node:tls";
import { ExponentialBackoff, handleWhen, NoopPolicy, retry } from "cockatiel";
import { type IOptions, isRecoverableError } from "etcd3";
import type { EtcdAddress } from "./address.ts";
import { signedIn } from "./sign-in.ts";

/** How long etcd may take to answer one request, in ms. */
const REQUEST_MS = 2_000;
/** How often a request that found nobody is repeated, with another member if there are several. */
const RETRIES = 2;
/** Longest pause between two tries, of requests, connections and watches, in ms. */
const MAX_PAUSE_MS = 1_000;
/** A connection that is silent is asked for a sign of life; etcd resents being asked every 5 s. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/**
 * Options for an etcd client that finds back to an etcd which was away, for however long, within
 * about a second, and that fails within a few seconds as long as it is away.
 *
 * Name and password are in closures only: these options may become part of something that can be
 * looked at from elsewhere.
 */
export function etcdOptions(address: EtcdAddress): IOptions {
  const bare = withoutSignIn(address);
  if (address.credentials === null) return bare;
  const { policy, interceptor } = signedIn(address.credentials, bare);
  return {
    ...bare,
    defaultCallOptions: (context) => ({ ...deadline(context), interceptors: [interceptor] }),
    faultHandling: { ...bare.faultHandling, host: () => policy },
  };
}

function withoutSignIn({ endpoints, secure }: EtcdAddress): IOptions {
  const backoff = { initialDelay: 100, maxDelay: MAX_PAUSE_MS };
  return {
    hosts: [...endpoints],
    ...(secure ? { credentials: { rootCertificate: trustedCertificates() } } : {}),
    defaultCallOptions: deadline,
    grpcOptions: {
      "grpc.initial_reconnect_backoff_ms": backoff.initialDelay,
      "grpc.max_reconnect_backoff_ms": backoff.maxDelay,
      "grpc.keepalive_time_ms": KEEPALIVE_MS,
      "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
      "grpc.enable_channelz": 0,
    },
    faultHandling: {
      // A circuit breaker would keep us from an etcd that is back; the retries are few and spaced.
      host: () => new NoopPolicy(),
      global: retry(handleWhen(isRecoverableError), {
        maxAttempts: RETRIES,
        backoff: new ExponentialBackoff(backoff),
      }),
      watchBackoff: new ExponentialBackoff(backoff).next(),
    },
  };
}

/** Streams last; everything else ends in time. */
function deadline({ isStream }: { isStream: boolean }): { deadline?: number } {
  return isStream ? {} : { deadline: Date.now() + REQUEST_MS };
}

/** The CAs that Node brings along, those of this system, and NODE_EXTRA_CA_CERTS. */
function trustedCertificates(): Buffer {
  const all = new Set([...getCACertificates("default"), ...getCACertificates("system")]);
  return Buffer.from([...all].join("\n"));
}
