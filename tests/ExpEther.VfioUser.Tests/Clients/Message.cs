using System.Buffers.Binary;
using System.Text;
using ExpEther.Linux;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>A message as bytes, written independently of the code under test, by the specification's offsets.</summary>
internal sealed class Message(byte[] bytes)
{
    public const uint Reply = 1;
    public const uint NoReply = 0x10;
    public const uint Error = 0x20;

    private const string QemuCapabilities =
        """{"capabilities":{"max_msg_fds":16,"max_data_xfer_size":1048576,"max_dma_maps":65535,"pgsizes":4096}}""";

    public byte[] Bytes => bytes;

    public ushort Id => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    public ushort Command => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(2));

    public uint Size => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4));

    public uint Flags => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));

    public Errno ErrorNumber => (Errno)BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));

    public byte[] Payload => bytes[16..];

    public uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16 + offset));

    public ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16 + offset));

    public static byte[] Of(int id, VfioUserCommand command, uint flags = 0, params byte[][] parts) => Of(id, (ushort)command, flags, null, 0, parts);

    public static byte[] Of(int id, ushort command, uint flags, uint? size, int error, params byte[][] parts)
    {
        var payload = parts.SelectMany(p => p).ToArray();
        var message = new byte[16 + payload.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(message, (ushort)id);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(2), command);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), size ?? (uint)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), flags);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(12), error);
        payload.CopyTo(message, 16);
        return message;
    }

    public static byte[] Version(int id = 0, ushort major = 0, string json = QemuCapabilities) =>
        Of(id, VfioUserCommand.Version, 0, [(byte)major, (byte)(major >> 8), 0, 0], Encoding.UTF8.GetBytes(json), [0]);

    public static byte[] DmaMap(int id, ulong address, ulong bytes, ulong offset = 0, uint rights = 3, uint flags = 0) =>
        Of(id, VfioUserCommand.DmaMap, flags, Numbers(32u, rights), Numbers(offset, address, bytes));

    public static byte[] DmaUnmap(int id, ulong address, ulong bytes, uint unmapFlags = 0) =>
        Of(id, VfioUserCommand.DmaUnmap, 0, Numbers(24u, unmapFlags), Numbers(address, bytes));

    public static byte[] GetInfo(int id) => Of(id, VfioUserCommand.DeviceGetInfo, 0, Numbers(16u, 0, 0, 0));

    public static byte[] GetRegionInfo(int id, uint index) =>
        Of(id, VfioUserCommand.DeviceGetRegionInfo, 0, Numbers(32u, 0, index, 0), Numbers(0ul, 0));

    public static byte[] GetIrqInfo(int id, uint index) => Of(id, VfioUserCommand.DeviceGetIrqInfo, 0, Numbers(16u, 0, index, 0));

    public static byte[] SetIrqs(int id, uint setFlags, uint index, uint start, uint count, params byte[] data) =>
        Of(id, VfioUserCommand.DeviceSetIrqs, 0, Numbers(20u, setFlags, index, start, count), data);

    public static byte[] RegionRead(int id, uint region, ulong offset, uint count, uint flags = 0) =>
        Of(id, VfioUserCommand.RegionRead, flags, Numbers(offset), Numbers(region, count));

    public static byte[] RegionWrite(int id, uint region, ulong offset, byte[] data, uint flags = 0) =>
        Of(id, VfioUserCommand.RegionWrite, flags, Numbers(offset), Numbers(region, (uint)data.Length), data);

    public static byte[] DeviceReset(int id) => Of(id, VfioUserCommand.DeviceReset);

    public static byte[] Numbers(params uint[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes)];

    public static byte[] Numbers(params ulong[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes)];
}
