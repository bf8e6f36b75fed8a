namespace ExpEther.Nvme.Driver;

/// <summary>What is different between two looks at a disk's namespaces, in words for people.</summary>
internal static class NamespaceDifference
{
    public static IEnumerable<string> Describe(IReadOnlyList<NvmeNamespace> before, IReadOnlyList<NvmeNamespace> after)
    {
        foreach (var gone in before.Where(b => after.All(a => a.Id != b.Id)))
        {
            yield return $"namespace {gone.Id} went";
        }

        foreach (var now in after)
        {
            var was = before.FirstOrDefault(b => b.Id == now.Id);
            if (was is null)
            {
                yield return $"namespace {now.Id} came: {now.Bytes} bytes";
            }
            else if (was.Bytes != now.Bytes || was.BlockBytes != now.BlockBytes)
            {
                yield return $"namespace {now.Id} has {now.Bytes} bytes now, and had {was.Bytes}";
            }
            else if (was.IsReadOnly != now.IsReadOnly)
            {
                yield return $"namespace {now.Id} is {(now.IsReadOnly ? "write protected" : "writable")} now";
            }
        }
    }
}
