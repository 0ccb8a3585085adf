import { InterceptingCall, type Interceptor, status } from "@grpc/grpc-js";
import { type IDefaultPolicyContext, NoopPolicy } from "cockatiel";
import { Etcd3, type IOptions } from "etcd3";
import type { EtcdCredentials } from "./address.ts";

/** What etcd says to a token it no longer knows: after a restart, after a while, after its users changed. */
const STALE_TOKEN =
  /etcdserver: (invalid auth token|revision of auth store is old|user name is empty)/;

/**
 * Signs in to etcd before a request when there is no token, and puts the token on every request.
 *
 * etcd3 can do so by itself, but leaves one connection behind for each sign-in, whose growing pauses
 * keep it from an etcd that is back, and it does not get over a change of etcd's users.
 *
 * @param options of a client that does not sign in
 */
export function signedIn(
  credentials: EtcdCredentials,
  options: IOptions,
): { policy: NoopPolicy; interceptor: Interceptor } {
  let token: string | null = null;
  let signingIn: Promise<void> | null = null;

  const signIn = (): Promise<void> => {
    signingIn ??= authenticate(credentials, options)
      .then((fresh) => {
        token = fresh;
      })
      .finally(() => {
        signingIn = null;
      });
    return signingIn;
  };

  /** Around each request and each stream, before its deadline runs. */
  class SignedInPolicy extends NoopPolicy {
    override async execute<T>(
      request: (context: IDefaultPolicyContext) => PromiseLike<T> | T,
      signal?: AbortSignal,
    ): Promise<T> {
      if (token === null) await signIn();
      return await super.execute(request, signal);
    }
  }

  const interceptor: Interceptor = (callOptions, nextCall) => {
    const used = token;
    return new InterceptingCall(nextCall(callOptions), {
      start(metadata, _listener, next) {
        if (used !== null) metadata.set("token", used);
        next(metadata, {
          onReceiveStatus(end, pass) {
            if (!STALE_TOKEN.test(end.details)) return pass(end);
            if (token === used) token = null;
            // Unavailable is what is tried again, with a fresh token then.
            pass({ ...end, code: status.UNAVAILABLE, details: "the sign-in to etcd has expired" });
          },
        });
      },
    });
  };
  return { policy: new SignedInPolicy(), interceptor };
}

async function authenticate(
  { username: name, password }: EtcdCredentials,
  options: IOptions,
): Promise<string> {
  const client = new Etcd3(options);
  try {
    return (await client.auth.authenticate({ name, password })).token;
  } finally {
    client.close();
  }
}
