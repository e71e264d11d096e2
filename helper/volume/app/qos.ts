import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { deleteQos, findQos, insertQos, isQosName, listQos, setConsumer, type Qos } from '../store/qos.ts';
import { typesOfQos, updateType, type TypeRow } from '../store/type.ts';
import { notThere, type VolumeContext } from './context.ts';
import type { Types } from './type.ts';

const CONSUMERS = ['front-end', 'back-end', 'both'];

/** Limits of speed that types have. */
export class QosSpecs {
  readonly #context: VolumeContext;
  readonly #types: Types;

  constructor(context: VolumeContext, types: Types) {
    this.#context = context;
    this.#types = types;
  }

  get(id: string): Qos {
    const qos = findQos(this.#context.db, id);
    if (qos === undefined) throw notThere('QoS Spec', id);
    return qos;
  }

  list(): readonly Qos[] {
    return listQos(this.#context.db);
  }

  create(name: string, consumer: string, specs: Readonly<Record<string, string>>): Qos {
    const { db, now } = this.#context;
    checkConsumer(consumer);
    return transaction(db, () => {
      if (isQosName(db, name)) throw conflict(`QoS Specs ${name} already exists.`);
      const id = randomUUID();
      insertQos(db, { id, name, consumer, created_at: now() });
      setPairs(db, 'volume_qos_spec', id, specs);
      return this.get(id);
    });
  }

  update(id: string, { consumer, ...specs }: Readonly<Record<string, string>>): void {
    const { db } = this.#context;
    if (consumer !== undefined) checkConsumer(consumer);
    transaction(db, () => {
      this.get(id);
      if (consumer !== undefined) setConsumer(db, id, consumer);
      setPairs(db, 'volume_qos_spec', id, specs);
    });
  }

  /** @throws {CloudError} badRequest while types have it, unless forced. */
  delete(id: string, force: boolean): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.get(id);
      const types = typesOfQos(db, id);
      if (types.length > 0 && !force) throw badRequest(`QoS Specs ${id} is still associated with entities.`);
      for (const type of types) this.#setQos(type, null);
      deleteQos(db, id);
    });
  }

  deleteKeys(id: string, keys: readonly string[]): void {
    const { db } = this.#context;
    transaction(db, () => {
      const { specs } = this.get(id);
      for (const key of keys) {
        if (!Object.hasOwn(specs, key)) throw notThere(`QoS spec with key ${key.slice(0, 80)} of`, id);
        removePairs(db, 'volume_qos_spec', id, key);
      }
    });
  }

  associations(id: string): readonly TypeRow[] {
    this.get(id);
    return typesOfQos(this.#context.db, id);
  }

  associate(id: string, typeId: string): void {
    transaction(this.#context.db, () => {
      this.get(id);
      const type = this.#types.byId(typeId);
      if (type.qos_specs_id !== null && type.qos_specs_id !== id)
        throw badRequest(`Type ${typeId} is already associated with another qos specs: ${type.qos_specs_id}`);
      this.#setQos(type, id);
    });
  }

  disassociate(id: string, typeId: string): void {
    transaction(this.#context.db, () => {
      this.get(id);
      const type = this.#types.byId(typeId);
      if (type.qos_specs_id === id) this.#setQos(type, null);
    });
  }

  disassociateAll(id: string): void {
    transaction(this.#context.db, () => {
      for (const type of this.associations(id)) this.#setQos(type, null);
    });
  }

  #setQos(type: TypeRow, qosId: string | null): void {
    const { db, now } = this.#context;
    updateType(db, { ...type, qos_specs_id: qosId, updated_at: now() });
  }
}

function checkConsumer(consumer: string): void {
  if (!CONSUMERS.includes(consumer))
    throw badRequest(`Valid consumer of QoS specs are: ${CONSUMERS.join(', ')}`);
}
