using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Tests.Native;

public class LayoutTests
{
    [Fact]
    public void Structures_lie_as_the_C_headers_have_them()
    {
        List<(string Expression, long Ours)> layout = [];
        Add<PollFd>(layout, "struct pollfd", ("Fd", "fd"), ("Events", "events"), ("Revents", "revents"));
        Add<Timespec>(layout, "struct timespec", ("Seconds", "tv_sec"), ("Nanoseconds", "tv_nsec"));
        Add<Ucred>(layout, "struct ucred", ("Pid", "pid"), ("Uid", "uid"), ("Gid", "gid"));
        Add<FileLock>(
            layout, "struct flock", ("Type", "l_type"), ("Whence", "l_whence"), ("Start", "l_start"), ("Length", "l_len"),
            ("ProcessId", "l_pid"));
        Add<Passwd>(
            layout, "struct passwd", ("Name", "pw_name"), ("Password", "pw_passwd"), ("UserId", "pw_uid"), ("GroupId", "pw_gid"), ("Gecos", "pw_gecos"),
            ("Directory", "pw_dir"), ("Shell", "pw_shell"));
        Add<ExpEther.Linux.Native.Group>(
            layout, "struct group", ("Name", "gr_name"), ("Password", "gr_passwd"), ("GroupId", "gr_gid"), ("Members", "gr_mem"));
        Add<SockAddrUn>(layout, "struct sockaddr_un", ("Family", "sun_family"), ("Path", "sun_path"));
        Add<Tpacket2Header>(
            layout, "struct tpacket2_hdr", ("Status", "tp_status"), ("Length", "tp_len"), ("SnapLength", "tp_snaplen"), ("Mac", "tp_mac"),
            ("Net", "tp_net"), ("Seconds", "tp_sec"), ("Nanoseconds", "tp_nsec"), ("VlanTci", "tp_vlan_tci"), ("VlanTpid", "tp_vlan_tpid"));
        Add<TpacketRequest>(
            layout, "struct tpacket_req", ("BlockSize", "tp_block_size"), ("BlockCount", "tp_block_nr"), ("FrameSize", "tp_frame_size"),
            ("FrameCount", "tp_frame_nr"));
        Add<TpacketStats>(layout, "struct tpacket_stats", ("Packets", "tp_packets"), ("Drops", "tp_drops"));
        Add<PacketMembership>(
            layout, "struct packet_mreq", ("InterfaceIndex", "mr_ifindex"), ("Type", "mr_type"), ("AddressLength", "mr_alen"),
            ("Address", "mr_address"));
        Add<SockAddrLl>(
            layout, "struct sockaddr_ll", ("Family", "sll_family"), ("Protocol", "sll_protocol"), ("InterfaceIndex", "sll_ifindex"),
            ("HardwareType", "sll_hatype"), ("PacketType", "sll_pkttype"), ("AddressLength", "sll_halen"), ("Address", "sll_addr"));
        Add<SockFilter>(layout, "struct sock_filter", ("Code", "code"), ("JumpTrue", "jt"), ("JumpFalse", "jf"), ("K", "k"));
        Add<SockFilterProgram>(layout, "struct sock_fprog", ("Length", "len"), ("Instructions", "filter"));
        Add<InterfaceRequest>(
            layout, "struct ifreq", ("Name", "ifr_name"), ("Mtu", "ifr_mtu"), ("Flags", "ifr_flags"),
            ("HardwareType", "ifr_hwaddr.sa_family"),
            ("HardwareAddress", "ifr_hwaddr.sa_data"));
        Add<SockAddrIn>(
            layout, "struct sockaddr_in6", ("Family", "sin6_family"), ("Port", "sin6_port"), ("Address6", "sin6_addr"),
            ("ScopeId", "sin6_scope_id"));
        Add<IoSqRingOffsets>(
            layout, "struct io_sqring_offsets", ("Head", "head"), ("Tail", "tail"), ("RingMask", "ring_mask"), ("RingEntries", "ring_entries"),
            ("Flags", "flags"), ("Array", "array"));
        Add<IoCqRingOffsets>(
            layout, "struct io_cqring_offsets", ("Head", "head"), ("Tail", "tail"), ("RingMask", "ring_mask"), ("RingEntries", "ring_entries"),
            ("Overflow", "overflow"), ("Cqes", "cqes"));
        Add<IoUringParams>(
            layout, "struct io_uring_params", ("SqEntries", "sq_entries"), ("CqEntries", "cq_entries"), ("Flags", "flags"),
            ("Features", "features"), ("SqOffsets", "sq_off"), ("CqOffsets", "cq_off"));
        Add<IoUringSqe>(
            layout, "struct io_uring_sqe", ("Opcode", "opcode"), ("Flags", "flags"), ("Fd", "fd"), ("Offset", "off"), ("Address", "addr"),
            ("Length", "len"), ("FsyncFlags", "fsync_flags"), ("UserData", "user_data"));
        Add<IoUringCqe>(layout, "struct io_uring_cqe", ("UserData", "user_data"), ("Result", "res"), ("Flags", "flags"));
        Add<IoVector>(layout, "struct iovec", ("Base", "iov_base"), ("Length", "iov_len"));
        Add<MessageHeader>(
            layout, "struct msghdr", ("Name", "msg_name"), ("NameLength", "msg_namelen"), ("Vectors", "msg_iov"), ("VectorCount", "msg_iovlen"),
            ("Control", "msg_control"), ("ControlLength", "msg_controllen"), ("Flags", "msg_flags"));
        Add<ControlHeader>(layout, "struct cmsghdr", ("Length", "cmsg_len"), ("Level", "cmsg_level"), ("Type", "cmsg_type"));
        Add<FileStatus>(
            layout, "struct statx", ("Mask", "stx_mask"), ("BlockSize", "stx_blksize"), ("UserId", "stx_uid"), ("GroupId", "stx_gid"), ("Mode", "stx_mode"),
            ("Inode", "stx_ino"), ("Size", "stx_size"), ("SpecialMajor", "stx_rdev_major"), ("SpecialMinor", "stx_rdev_minor"),
            ("DeviceMajor", "stx_dev_major"), ("DeviceMinor", "stx_dev_minor"), ("DirectMemoryAlignment", "stx_dio_mem_align"),
            ("DirectOffsetAlignment", "stx_dio_offset_align"));
        layout.Add(("sizeof(struct epoll_event) <= 16", Unsafe.SizeOf<EpollEvent>() == 16 ? 1 : 0));
        layout.Add(("sizeof(struct epoll_event)", EpollEvent.Stride));
        layout.Add(("offsetof(struct epoll_event, data)", EpollEvent.DataOffset));
        layout.Add(("offsetof(struct epoll_event, events)", Offset<EpollEvent>("Events")));
        layout.Add(("sizeof(struct sockaddr_in)", SockAddrIn.Bytes4));
        layout.Add(("offsetof(struct sockaddr_in, sin_port)", Offset<SockAddrIn>("Port")));
        layout.Add(("offsetof(struct sockaddr_in, sin_addr)", Offset<SockAddrIn>("Address4")));
        layout.Add(("sizeof(((struct sockaddr_un *)0)->sun_path)", SockAddrUn.PathBytes));
        layout.Add(("IFNAMSIZ", InterfaceRequest.NameBytes));
        Compare(layout);
    }

    [Theory]
    [InlineData(typeof(SocketConstants))]
    [InlineData(typeof(PacketConstants))]
    [InlineData(typeof(FileConstants))]
    [InlineData(typeof(IoUringConstants))]
    public void Constants_have_the_values_of_the_C_headers(Type constants)
    {
        List<(string Expression, long Ours)> values = [];
        foreach (var field in constants.GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            values.Add((Expression(field.Name), Convert.ToInt64(field.GetRawConstantValue(), null)));
        }

        foreach (var property in constants.GetProperties(BindingFlags.Public | BindingFlags.Static))
        {
            values.Add((property.Name, (int)property.GetValue(null)!));
        }

        Assert.NotEmpty(values);
        Compare(values);
    }

    [Fact]
    public void Error_numbers_and_poll_events_have_the_values_of_the_C_headers()
    {
        List<(string Expression, long Ours)> values = [.. Enum.GetValues<Errno>().Where(e => e != Errno.None).Select(e => ($"{e}", (long)e))];
        values.Add(("POLLIN", (long)Linux.Polling.PollEvents.Readable));
        values.Add(("POLLOUT", (long)Linux.Polling.PollEvents.Writable));
        values.Add(("POLLERR", (long)Linux.Polling.PollEvents.Error));
        values.Add(("POLLHUP", (long)Linux.Polling.PollEvents.HangUp));
        values.Add(("POLLNVAL", (long)Linux.Polling.PollEvents.Invalid));
        Compare(values);
    }

    // Names of ours that stand for an expression of the headers.
    private static string Expression(string name) => name switch
    {
        nameof(PacketConstants.BPF_LD_W_ABS) => "BPF_LD | BPF_W | BPF_ABS",
        nameof(PacketConstants.BPF_LD_H_ABS) => "BPF_LD | BPF_H | BPF_ABS",
        nameof(PacketConstants.BPF_LD_B_ABS) => "BPF_LD | BPF_B | BPF_ABS",
        nameof(PacketConstants.BPF_JMP_JA) => "BPF_JMP | BPF_JA",
        nameof(PacketConstants.BPF_JMP_JEQ_K) => "BPF_JMP | BPF_JEQ | BPF_K",
        nameof(PacketConstants.BPF_JMP_JSET_K) => "BPF_JMP | BPF_JSET | BPF_K",
        nameof(PacketConstants.BPF_ALU_AND_K) => "BPF_ALU | BPF_AND | BPF_K",
        nameof(PacketConstants.BPF_RET_K) => "BPF_RET | BPF_K",
        nameof(PacketConstants.SKF_AD_VLAN_TAG) => "(unsigned)(SKF_AD_OFF + SKF_AD_VLAN_TAG)",
        nameof(PacketConstants.SKF_AD_VLAN_TAG_PRESENT) => "(unsigned)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)",
        nameof(IoUringConstants.PROT_READ_WRITE) => "PROT_READ | PROT_WRITE",
        nameof(IoUringConstants.MAP_SHARED_POPULATE) => "MAP_SHARED | MAP_POPULATE",
        _ => name,
    };

    private static void Add<T>(List<(string Expression, long Ours)> into, string type, params (string Ours, string Theirs)[] fields)
        where T : unmanaged
    {
        into.Add(($"sizeof({type})", Unsafe.SizeOf<T>()));
        foreach (var (ours, theirs) in fields)
        {
            into.Add(($"offsetof({type}, {theirs})", Offset<T>(ours)));
        }
    }

    private static long Offset<T>(string field) => Marshal.OffsetOf<T>(field);

    private static void Compare(List<(string Expression, long Ours)> values)
    {
        var theirs = CHeaders.Evaluate(values.Select(v => v.Expression));
        Assert.Equal(values.Zip(theirs, (v, t) => $"{v.Expression} = {t}"), values.Select(v => $"{v.Expression} = {v.Ours}"));
    }
}
