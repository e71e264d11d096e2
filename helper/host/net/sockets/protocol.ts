/** A socket that the child is to open. */
export interface OpenRequest {
  readonly kind: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
}

/** The child's answer to the request of that index; the socket comes with it unless there is an error. */
export interface OpenReply {
  readonly index: number;
  readonly error?: string;
}
