// The typeface Inter (SIL Open Font License), embedded so that figures look alike on every machine.
// The build defines the two paths; native/io/canvas.cpp reads the symbols.

#define EMBED(name, path)             \
        .globl  name##_begin         ;\
        .globl  name##_end           ;\
        .balign 16                   ;\
name##_begin:                        ;\
        .incbin path                 ;\
name##_end:

        .section .rodata
EMBED(unpick_inter_regular, UNPICK_INTER_REGULAR)
EMBED(unpick_inter_medium, UNPICK_INTER_MEDIUM)

        .section .note.GNU-stack, "", %progbits
