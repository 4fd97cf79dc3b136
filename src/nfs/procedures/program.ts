import type { Program } from '../procedure.ts';
import { access } from './access.ts';
import { commit } from './commit.ts';
import { create } from './create.ts';
import { fsinfo } from './fsinfo.ts';
import { fsstat } from './fsstat.ts';
import { getattr } from './getattr.ts';
import { link } from './link.ts';
import { lookup } from './lookup.ts';
import { mkdir } from './mkdir.ts';
import { mknod } from './mknod.ts';
import { nullProcedure } from './null.ts';
import { pathconf } from './pathconf.ts';
import { read } from './read.ts';
import { readdir } from './readdir.ts';
import { readdirplus } from './readdirplus.ts';
import { readlink } from './readlink.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { rmdir } from './rmdir.ts';
import { setattr } from './setattr.ts';
import { symlink } from './symlink.ts';
import { write } from './write.ts';

/** NFS version 3 (RFC 1813, 3): its procedures by their numbers. */
export const nfsProgram: Program = {
  number: 100_003,
  version: 3,
  procedures: [
    /*  0 */ nullProcedure,
    /*  1 */ getattr,
    /*  2 */ setattr,
    /*  3 */ lookup,
    /*  4 */ access,
    /*  5 */ readlink,
    /*  6 */ read,
    /*  7 */ write,
    /*  8 */ create,
    /*  9 */ mkdir,
    /* 10 */ symlink,
    /* 11 */ mknod,
    /* 12 */ remove,
    /* 13 */ rmdir,
    /* 14 */ rename,
    /* 15 */ link,
    /* 16 */ readdir,
    /* 17 */ readdirplus,
    /* 18 */ fsstat,
    /* 19 */ fsinfo,
    /* 20 */ pathconf,
    /* 21 */ commit,
  ],
};
