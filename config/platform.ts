/** What a platform gives to the substations on it. The platform's stack exports it; the group stacks read it. All values are plain. */
export interface Platform {
  /** Goes into names and ownership marks. */
  readonly name: string;
  readonly dns: Zone;
  readonly ingress: Ingress;
  /** Name of the Docker network on which ingress and containers meet; its members cannot reach each other. */
  readonly edgeNetwork: string;
  readonly database: DatabaseServer;
  /** Id (`sha256:…`) of the image of shops that name none. */
  readonly storefrontImage: string;
  /** Secret. Signs the substations' tokens for the main station's API: Ed25519, PKCS #8, PEM or the base64 of it. */
  readonly mainStationSigningKey: string;
  /** Base URL of the sandbox payment gateways, each at `/<kind>` below it. Absent where there are none: then every channel is a real merchant's. */
  readonly sandboxGateway?: string | undefined;
  /** By which they all sign, for every merchant: PEM, or the base64 of its content. There where `sandboxGateway` is. */
  readonly sandboxPublicKey?: string | undefined;
}

export interface Zone {
  readonly name: string;
  readonly id: string;
  /** Secret. May edit the records of this zone, and nothing else. */
  readonly token: string;
  /** Base URL of the Cloudflare v4 API. @default the real one */
  readonly api?: string | undefined;
}

export interface Ingress {
  /** IPv4 address that the substations' names resolve to. */
  readonly address: string;
  readonly port: number;
}

export interface DatabaseServer {
  /** As the operator's machine reaches it. */
  readonly host: string;
  readonly port: number;
  /** As the containers reach it: host name or IP address, same port. */
  readonly address: string;
  /** The provisioner: CREATEDB and CREATEROLE, not superuser. */
  readonly user: string;
  /** Secret. */
  readonly password: string;
  /** Path of the certificate authority's PEM file on the operator's machine. */
  readonly caFile: string;
  /** The certificate authority itself, PEM. */
  readonly ca: string;
}

/** What takes the place of real gateways, and of their keys. */
export interface Sandbox {
  /** Base URL; the gateway of a kind stands at `/<kind>` below it. */
  readonly gateway: string;
  /** PEM, or the base64 of its content. */
  readonly publicKey: string;
}

/** Undefined where the platform has no sandbox gateways. */
export const sandboxOf = ({ sandboxGateway, sandboxPublicKey }: Platform): Sandbox | undefined =>
  sandboxGateway === undefined || sandboxPublicKey === undefined
    ? undefined
    : { gateway: sandboxGateway, publicKey: sandboxPublicKey };
