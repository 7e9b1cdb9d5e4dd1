/** Parquet by pages of rows: the footer says where they lie, and only those in sight are fetched. */

import { decompress } from "fzstd";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { decompressBrotli } from "hyparquet-compressors/src/brotli.js";
import { gunzip } from "hyparquet-compressors/src/gzip.js";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";
import { readPart } from "../read";
import { type Column, Kept, type Rows } from "./rows";

const PAGE_ROWS = 100;
const KEPT_PAGES = 20;
const FOOTER_BYTES = 256 * 1024;

// Snappy is the reader's own: the package with the others has one in WebAssembly, which this page's policy forbids.
const compressors = {
  BROTLI: decompressBrotli,
  GZIP: (input: Uint8Array, length: number) => gunzip(input, new Uint8Array(length)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
  ZSTD: (input: Uint8Array, length: number) => decompress(input, new Uint8Array(length)),
};

export async function fileAt(url: string, signal?: AbortSignal): Promise<AsyncBuffer> {
  const { total } = await readPart(url, 0, 4, signal);
  return {
    byteLength: total,
    slice: async (start, end = total) => (await readPart(url, start, end)).bytes.buffer,
  };
}

export class ParquetRows implements Rows {
  readonly ended = true;
  readonly known: number;
  readonly columns: Column[];
  private readonly kept = new Kept<unknown[][]>(KEPT_PAGES);
  private queue: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: AsyncBuffer,
    readonly metadata: FileMetaData,
  ) {
    this.known = Number(metadata.num_rows);
    this.columns = parquetSchema(metadata).children.map(({ element }) => ({
      name: element.name,
      type: typeOf(element),
    }));
  }

  static async open(file: AsyncBuffer): Promise<ParquetRows> {
    const metadata = await parquetMetadataAsync(file, { initialFetchSize: FOOTER_BYTES });
    return new ParquetRows(file, metadata);
  }

  row(index: number): unknown[] | undefined {
    return this.kept.peek(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  load(first: number, last: number, signal?: AbortSignal): Promise<void> {
    const doing = this.queue.then(() => this.fill(first, Math.min(last, this.known - 1), signal));
    this.queue = doing.catch(() => {});
    return doing;
  }

  private async fill(first: number, last: number, signal?: AbortSignal): Promise<void> {
    for (let at = Math.floor(first / PAGE_ROWS); at <= Math.floor(last / PAGE_ROWS); at += 1) {
      if (signal?.aborted) return;
      if (this.kept.get(at)) continue;
      const rowStart = at * PAGE_ROWS;
      const found = await parquetReadObjects({
        file: this.file,
        metadata: this.metadata,
        compressors,
        rowStart,
        rowEnd: Math.min(rowStart + PAGE_ROWS, this.known),
        useOffsetIndex: true,
      });
      this.kept.set(
        at,
        found.map((row) => this.columns.map(({ name }) => row[name] as unknown)),
      );
    }
  }
}

function typeOf(element: {
  type?: string;
  converted_type?: string;
  logical_type?: { type?: string };
}): string {
  const said = element.logical_type?.type ?? element.converted_type ?? element.type ?? "group";
  return said.toLowerCase().replace("byte_array", "bytes");
}
