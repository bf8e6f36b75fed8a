using System.Text;

namespace ExpEther.Daemon.Tests.Counters;

/// <summary>A reader of counter pages made from docs/counters.md alone, with its numbers: what an exporter in another language would be.</summary>
internal sealed class DocumentedPage
{
    public DocumentedPage(byte[] file)
    {
        Assert.Equal("EXPECNTR", Encoding.ASCII.GetString(file, 0, 8));
        Assert.Equal(1u, BitConverter.ToUInt32(file, 8));
        Assert.Equal(128u, BitConverter.ToUInt32(file, 12));
        Generation = BitConverter.ToUInt64(file, 16);
        Sequence = BitConverter.ToUInt64(file, 24);
        ProcessId = BitConverter.ToInt32(file, 32);
        var count = BitConverter.ToInt32(file, 36);
        var table = BitConverter.ToInt32(file, 40);
        var bank = BitConverter.ToInt32(file, Sequence % 2 == 0 ? 48 : 52);
        Assert.Equal(8 + (8 * count), BitConverter.ToInt32(file, 56));
        Assert.Equal(file.Length, BitConverter.ToInt32(file, 60));
        Assert.Equal((100, 250, 0), (BitConverter.ToInt32(file, 64), BitConverter.ToInt32(file, 68), BitConverter.ToInt32(file, 72)));
        PublishedAt = BitConverter.ToInt64(file, bank);
        var at = table;
        for (var i = 0; i < count; i++)
        {
            var pathBytes = BitConverter.ToUInt16(file, at + 4);
            var textBytes = BitConverter.ToUInt16(file, at + 6);
            Entries.Add((
                Encoding.UTF8.GetString(file, at + 8, pathBytes), file[at + 2], Encoding.UTF8.GetString(file, at + 8 + pathBytes, textBytes),
                BitConverter.ToInt64(file, bank + 8 + (8 * i))));
            at += BitConverter.ToUInt16(file, at);
        }

        Assert.Equal(table + BitConverter.ToInt32(file, 44), at);
    }

    public ulong Generation { get; }

    public ulong Sequence { get; }

    public int ProcessId { get; }

    public long PublishedAt { get; }

    public List<(string Path, byte Kind, string Text, long Value)> Entries { get; } = [];
}
