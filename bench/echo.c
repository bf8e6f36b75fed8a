/*
 * The reference of `expether bench echo` and `mmio`: the fastest echo that this kind of socket gives. One process sends back every frame that
 * comes, the other sends the next one when the last is back; both spin. The same means as the bridges' own port: an AF_PACKET socket with
 * a TPACKET_V2 receive ring, read in place, and plain send(2); frames are told apart by EtherType (packet(7)).
 *
 *   echo server INTERFACE                       until stdin ends; then prints {"cpuNanoseconds":N}
 *   echo client INTERFACE BYTES MILLISECONDS    BYTES of payload; prints {"operations":…,"mean":…,"p50":…,"p99":…,"cpuNanoseconds":…}
 *
 * Times in nanoseconds. Exit code 1 with the reason on stderr.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define ETHER_TYPE 0x88B6 /* IEEE 802 local experimental EtherType 2 */
#define SLOT_BYTES 2048
#define SLOTS 1024
#define SAMPLES_MAX (16 * 1024 * 1024)
#define LOST_NANOSECONDS 100000000 /* the frame or its answer was lost: send it again, count nothing */
#define FIRST_NANOSECONDS 10000000000ll /* so long for the first answer: the other end may not have had a processor yet */

static int fd;
static char *ring;
static unsigned next_slot;

static void die(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int64_t cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void open_port(const char *interface)
{
    int version = TPACKET_V2, one = 1;
    struct tpacket_req request = { .tp_block_size = 1 << 18, .tp_frame_size = SLOT_BYTES, .tp_frame_nr = SLOTS };
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHER_TYPE) };

    request.tp_block_nr = SLOT_BYTES * SLOTS / request.tp_block_size;
    if ((fd = socket(AF_PACKET, SOCK_RAW, 0)) < 0)
        die("a packet socket (CAP_NET_RAW)");
    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0)
        die("PACKET_VERSION");
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0)
        die("PACKET_IGNORE_OUTGOING");
    if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
        die("PACKET_RX_RING");
    ring = mmap(NULL, SLOT_BYTES * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED)
        die("mmap of the ring");
    if (!(address.sll_ifindex = if_nametoindex(interface)))
        die(interface);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("bind");
}

static struct tpacket2_hdr *slot(void)
{
    struct tpacket2_hdr *header = (struct tpacket2_hdr *)(ring + next_slot * SLOT_BYTES);
    return __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER ? header : NULL;
}

static void release(struct tpacket2_hdr *header)
{
    __atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    next_slot = (next_slot + 1) % SLOTS;
}

static int serve(void)
{
    struct pollfd in = { .fd = 0, .events = POLLIN };
    char gone;
    unsigned turns = 0;

    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct tpacket2_hdr *header = slot();
        if (header) {
            char *frame = (char *)header + header->tp_mac;
            char source[ETH_ALEN];
            memcpy(source, frame + ETH_ALEN, ETH_ALEN);
            memcpy(frame + ETH_ALEN, frame, ETH_ALEN);
            memcpy(frame, source, ETH_ALEN);
            (void)!send(fd, frame, header->tp_snaplen, MSG_DONTWAIT);
            release(header);
        } else if (++turns % 65536 == 0 && poll(&in, 1, 0) > 0 && fread(&gone, 1, 1, stdin) == 0) {
            printf("{\"cpuNanoseconds\":%lld}\n", (long long)cpu());
            return 0;
        }
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int ask(int bytes, int milliseconds)
{
    char frame[SLOT_BYTES] = { 0 };
    uint32_t *samples = malloc(SAMPLES_MAX * sizeof *samples);
    int64_t started = now(), end = started + milliseconds * 1000000ll, first = end, cpu_before = cpu(), sum = 0;
    size_t count = 0;

    if (!samples || bytes < 46 || bytes > 1500) {
        errno = EINVAL;
        die("BYTES is 46 to 1500");
    }
    memset(samples, 0, SAMPLES_MAX * sizeof *samples);
    memset(frame, 0xFF, ETH_ALEN); /* two machines on one cable: broadcast reaches the other */
    frame[ETH_ALEN] = 0x02;
    frame[ETH_ALEN + 5] = 0x01;
    frame[12] = ETHER_TYPE >> 8;
    frame[13] = ETHER_TYPE & 0xFF;
    started = now();
    end = started + milliseconds * 1000000ll;
    first = started + FIRST_NANOSECONDS;
    cpu_before = cpu();
    while ((started < end || (count == 0 && started < first)) && count < SAMPLES_MAX) {
        struct tpacket2_hdr *header;
        int64_t back;
        if (send(fd, frame, ETH_HLEN + bytes, MSG_DONTWAIT) < 0)
            die("send");
        while (!(header = slot()) && now() - started < LOST_NANOSECONDS)
            ;
        back = now();
        if (header) {
            memcpy(frame, (char *)header + header->tp_mac + ETH_ALEN, ETH_ALEN);
            frame[0] &= 0xFE;
            release(header);
            samples[count++] = back - started;
            sum += back - started;
        }
        started = back;
    }
    if (count == 0) {
        errno = ETIMEDOUT;
        die("no answer");
    }
    cpu_before = cpu() - cpu_before;
    qsort(samples, count, sizeof *samples, compare);
    printf("{\"operations\":%zu,\"mean\":%.1f,\"p50\":%u,\"p99\":%u,\"cpuNanoseconds\":%lld}\n", count, (double)sum / count,
           samples[count / 2], samples[count * 99 / 100], (long long)cpu_before);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "server") == 0) {
        open_port(argv[2]);
        return serve();
    }
    if (argc == 5 && strcmp(argv[1], "client") == 0) {
        open_port(argv[2]);
        return ask(atoi(argv[3]), atoi(argv[4]));
    }
    fprintf(stderr, "usage: echo server INTERFACE | echo client INTERFACE BYTES MILLISECONDS\n");
    return 2;
}
