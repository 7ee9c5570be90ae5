import type { Limits } from "./types";

/**
 * Fen. What a channel may say at most, and what holds where it says nothing. These bounds are ours, not the gateways': a shop of cards and
 * top-ups that takes more in one payment, or in one day, has been given a wrong number.
 */
export const limits: Limits = { minimum: 1, maximum: 5_000_000, dailyCap: 100_000_000 };

/** How an RSA public key begins, for examples. */
export const publicKeyExample = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA…";
