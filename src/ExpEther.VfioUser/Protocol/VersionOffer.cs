using System.Buffers.Binary;
using System.Text.Json;

namespace ExpEther.VfioUser.Protocol;

/// <summary>
/// VERSION's payload (vfio-user specification, "VFIO_USER_VERSION"): 16-bit major and minor, then JSON text that ends with a NUL, or nothing.
/// </summary>
/// <param name="TransferBytesMax">The client's max_data_xfer_size: what it takes and gives in one DMA message.</param>
/// <param name="MemoryRangesMax">Its max_dma_maps.</param>
/// <param name="PageSizes">Its pgsizes, ored.</param>
internal readonly record struct VersionOffer(ulong TransferBytesMax, ulong MemoryRangesMax, ulong PageSizes)
{
    /// <summary>What is understood: 0.0, the only one there is.</summary>
    public const ushort Major = 0;

    private const ushort Minor = 0;
    private const int NumbersBytes = 4;
    private const int DepthMax = 8;

    // What the specification says of one who does not say.
    private static readonly VersionOffer Default = new(1 << 20, 65535, 4096);

    /// <returns>Null, or why this client cannot be served.</returns>
    public static string? TryParse(ReadOnlySpan<byte> payload, out VersionOffer offer)
    {
        offer = Default;
        if (payload.Length < NumbersBytes)
        {
            return "its VERSION message is too short";
        }

        var major = BinaryPrimitives.ReadUInt16LittleEndian(payload);
        if (major != Major)
        {
            return $"it speaks version {major} of the protocol, not {Major}";
        }

        var text = payload[NumbersBytes..];
        if (text.IsEmpty)
        {
            return null;
        }

        if (text[^1] != 0 || !TryParseCapabilities(text[..^1], ref offer))
        {
            return "its capabilities are not legible";
        }

        return offer.TransferBytesMax < VfioUserLimits.TransferBytesMax
            ? $"it takes {offer.TransferBytesMax} bytes of data in a message, not {VfioUserLimits.TransferBytesMax}"
            : (offer.PageSizes & ~(VfioUserLimits.PageBytes - 1)) == 0 ? "it has no page size of 4 KiB or more" : null;
    }

    /// <summary>Writes the answer: capabilities are a subset of those offered.</summary>
    /// <returns>Its length.</returns>
    public int WriteReply(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(into, Major);
        BinaryPrimitives.WriteUInt16LittleEndian(into[2..], Minor);
        var pageSizes = PageSizes & ~(VfioUserLimits.PageBytes - 1);
        var ranges = Math.Min(MemoryRangesMax, VfioUserLimits.MemoryRangesMax);
        const int Fds = VfioUserLimits.DescriptorsMax;
        const int Transfer = VfioUserLimits.TransferBytesMax;
        var isWritten = System.Text.Unicode.Utf8.TryWrite(
            into[NumbersBytes..],
            $$$"""{"capabilities":{"max_msg_fds":{{{Fds}}},"max_data_xfer_size":{{{Transfer}}},"max_dma_maps":{{{ranges}}},"pgsizes":{{{pageSizes}}}}}""",
            out var written);
        Check.That(isWritten && NumbersBytes + written < into.Length);
        into[NumbersBytes + written] = 0;
        return NumbersBytes + written + 1;
    }

    private static bool TryParseCapabilities(ReadOnlySpan<byte> text, ref VersionOffer offer)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = DepthMax });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object || text[(int)reader.BytesConsumed..].ContainsAnyExcept(" \t\r\n"u8))
            {
                return false;
            }

            if (!document.RootElement.TryGetProperty("capabilities", out var capabilities))
            {
                return true;
            }

            var transfer = offer.TransferBytesMax;
            var ranges = offer.MemoryRangesMax;
            var pages = offer.PageSizes;
            var isLegible = capabilities.ValueKind == JsonValueKind.Object && TryGet(capabilities, "max_data_xfer_size", ref transfer)
                && TryGet(capabilities, "max_dma_maps", ref ranges) && TryGet(capabilities, "pgsizes", ref pages);
            offer = new VersionOffer(transfer, ranges, pages);
            return isLegible;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // the one parser that throws: its input is the client's
        }
    }

    // A number that is missing keeps its default.
    private static bool TryGet(JsonElement capabilities, string name, ref ulong value) =>
        !capabilities.TryGetProperty(name, out var element) || (element.ValueKind == JsonValueKind.Number && element.TryGetUInt64(out value));
}
