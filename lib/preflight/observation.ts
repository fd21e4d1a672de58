import type { ImageReference } from '../image/reference.ts';
import type { RateLimit } from '../registry/server-headers.ts';
import type { Verdict } from '../registry/verify.ts';

// What was seen, without any judgement: plain values, so that the judgement can be tested without a network.

/** Why a registry gave no usable answer. */
export interface Refusal {
  readonly kind: 'unreachable' | 'interrupted' | 'unauthorized' | 'rate-limited' | 'unexpected';
  readonly status?: number;
  readonly message: string;
}

/** What is done at a server: images come from it, go to it, or are pulled from it by nodes. */
export type Role = 'source' | 'target' | 'nodes';

/** The certificate of a server. */
export interface ObservedCertificate {
  /** The name of the CA that issued it, by its own words. */
  readonly issuer: string;
  readonly validTo: Date;
  /** Why it is not trusted. */
  readonly problem?: string;
}

/** How the question about one image ended. */
export interface ObservedImage {
  readonly image: ImageReference;
  /** Undefined if there is no such image. */
  readonly digest?: string;
  readonly refusal?: Refusal;
}

export interface ObservedServer {
  readonly server: string;
  readonly role: Role;
  /** Whether `mirror.insecure` names it. */
  readonly insecure: boolean;
  /** Host of the proxy that it is reached through: its name and certificate are not looked at then. */
  readonly proxy?: string;
  /** Of its name; or why the name has none. Left out if it was not looked up. */
  readonly addresses?: readonly string[] | { readonly problem: string };
  /** Left out if none was seen. */
  readonly certificate?: ObservedCertificate;
  /** The server's clock against ours, in seconds: positive if the server's is ahead. */
  readonly clockSkew?: number;
  readonly rateLimit?: RateLimit;
  /** Whether it asked for a login, and the file or helper that the login comes from. */
  readonly login: {
    readonly asked: boolean;
    readonly from?: string;
    /** Nobody here knows the login that is used there: only the cluster has the pull Secret's. */
    readonly unknown?: boolean;
  };
  readonly images: readonly ObservedImage[];
}

/** How starting an upload to one repository ended. */
export interface ObservedPush {
  readonly server: string;
  readonly repository: string;
  readonly refusal?: Refusal;
  readonly cancelled?: boolean;
  /** Of the test image, if one was pushed. */
  readonly probe?: {
    readonly tag: string;
    readonly refusal?: Refusal;
    readonly sparseRefused?: string;
    readonly deleted?: boolean;
  };
}

/** How much has to be copied. */
export interface ObservedSize {
  /** Of the manifests, configurations and layers that were read, each counted once. */
  readonly bytes: number;
  /** Images whose manifests were read. */
  readonly images: number;
  /** Manifests of these images, by server of the source. */
  readonly manifests: ReadonlyMap<string, number>;
  /** Images that were not read, and why. */
  readonly unread: readonly { readonly image: ImageReference; readonly reason: string }[];
}

export interface Observation {
  readonly servers: readonly ObservedServer[];
  readonly pushes: readonly ObservedPush[];
  /** What the target has of the plan. Left out in the short form. */
  readonly present?: readonly Verdict[];
  readonly size?: ObservedSize;
  /** The version of the local skopeo; empty if there is none. Left out if nobody asked. */
  readonly skopeo?: string;
  readonly now: Date;
}
