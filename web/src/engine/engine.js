// The WebAssembly module: its memory, and its functions on pointers. Nothing here knows what a parameter is.

import { fromBase64, gunzip } from "./container.js";

/** @typedef {import("./container.js").TypedArray} TypedArray */

/** Memory of the module that is released together, when a call is done. */
export class Frame {
  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
    /** @type {number[]} */
    this.pointers = [];
  }

  /**
   * Room for so many bytes.
   * @param {number} bytes
   * @returns {number} pointer
   */
  room(bytes) {
    const pointer = this.engine.call("allocate", Math.max(bytes, 8));
    if (!pointer) throw new Error("the engine has no memory left");
    this.pointers.push(pointer);
    return pointer;
  }

  /**
   * A copy of an array.
   * @param {TypedArray} array
   * @returns {number} pointer
   */
  copy(array) {
    const pointer = this.room(array.byteLength);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(this.engine.memory.buffer, pointer, array.byteLength).set(bytes);
    return pointer;
  }

  /**
   * Numbers that stand at a pointer, as an array of their own.
   * @param {number} pointer
   * @param {number} count
   * @returns {Float64Array}
   */
  numbers(pointer, count) {
    return new Float64Array(this.engine.memory.buffer, pointer, count).slice();
  }

  release() {
    for (const pointer of this.pointers) this.engine.call("release", pointer);
    this.pointers = [];
  }
}

export class Engine {
  /** @type {WebAssembly.Memory} */
  memory = /** @type {any} */ (null);
  /** @type {Record<string, any>} */
  functions = {};
  /** Counts how often the engine was started. */
  generation = 0;

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.module = module;
    /** Counts how often the engine was started. */
    this.generation = 0;
    /** @type {Record<string, any>} */
    this.functions = {};
    /** @type {WebAssembly.Memory} */
    this.memory = new WebAssembly.Memory({ initial: 0 });
    /**
     * Asked once per iteration of every fit, told how many of many fits are done: true stops.
     * @type {(done: number) => boolean}
     */
    this.onIteration = () => false;
    this.start();
  }

  /**
   * An engine.
   * @param {Uint8Array | string | WebAssembly.Module} source the module, its bytes, or these as base64 text; with gzip or not
   * @returns {Promise<Engine>}
   */
  static async load(source) {
    if (source instanceof WebAssembly.Module) return new Engine(source);
    let bytes = typeof source === "string" ? fromBase64(source) : source;
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await gunzip(bytes);
    return new Engine(await WebAssembly.compile(/** @type {BufferSource} */ (bytes)));
  }

  /** Start afresh. Models made before are gone. */
  start() {
    const stop = (/** @type {number} */ done) => (this.onIteration(done) ? 1 : 0);
    this.functions = new WebAssembly.Instance(this.module, { wilks: { stop } }).exports;
    this.memory = this.functions.memory;
    this.functions._initialize();
    this.generation += 1;
  }

  /**
   * Call a function of the module. Where it ends the module, as it does without memory, that is started afresh.
   * @param {string} name
   * @param {...any} values
   * @returns {any}
   */
  call(name, ...values) {
    try {
      return this.functions[name](...values);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) {
        this.start();
        throw new Error(`the engine ended in ${name}: out of memory?`, { cause: error });
      }
      throw error;
    }
  }

  /**
   * What `work` returns, with memory that is released afterwards.
   * @template T
   * @param {(frame: Frame) => T} work
   * @returns {T}
   */
  framed(work) {
    const frame = new Frame(this);
    const generation = this.generation;
    try {
      return work(frame);
    } finally {
      if (generation === this.generation) frame.release();
    }
  }

  /**
   * A model from the arrays that describe it. Throws where they don't fit together.
   * @param {number} parameters
   * @param {number} yields
   * @param {Record<string, any>} arrays those of wilks._engine.Model.__getstate__
   * @returns {number} pointer
   */
  compile(parameters, yields, arrays) {
    return this.framed((frame) => {
      const description = this.call("describe", parameters, yields);
      for (const [name, array] of Object.entries(arrays)) {
        if (name === "templates") continue;
        const text = new TextEncoder().encode(name);
        const size = this.call(
          "describe_array",
          description,
          frame.copy(text),
          text.length,
          frame.copy(array),
          array.length,
        );
        if (size !== array.BYTES_PER_ELEMENT) throw new Error(`the model has an array that is not known: ${name}`);
      }
      const model = this.call("compile_model", description, frame.copy(arrays.templates), arrays.templates.length);
      if (!model) throw new Error(this.text(this.call("last_problem")));
      return model;
    });
  }

  /**
   * The text at a pointer, up to its end.
   * @param {number} pointer
   * @returns {string}
   */
  text(pointer) {
    const bytes = new Uint8Array(this.memory.buffer, pointer);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }

  /**
   * Random data sets, toys `first`, `first` + 1, ... of a seed, one after the other: the same as in Python.
   * @param {Float64Array} mean
   * @param {Float64Array} sigma widths of normal entries, 0 for Poisson counts
   * @param {{seed?: number | bigint, stream?: number, first?: number, count?: number}} options
   * @returns {Float64Array} count x entries
   */
  sample(mean, sigma, { seed = 1, stream = 0, first = 0, count = 1 } = {}) {
    return this.framed((frame) => {
      const size = mean.length;
      const out = frame.room(8 * size * count);
      const done = this.call(
        "sample",
        frame.copy(mean),
        frame.copy(sigma),
        size,
        BigInt(seed),
        stream,
        BigInt(first),
        count,
        out,
      );
      if (!done) throw new Error("means and widths must be finite, means of counts not negative");
      return frame.numbers(out, size * count);
    });
  }
}
