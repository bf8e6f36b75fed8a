namespace ExpEther.Daemon.Config;

/// <summary>Where blocks are kept.</summary>
/// <param name="File">Full path of a file or block device; empty for RAM.</param>
/// <param name="RamBytes">Blocks in memory; 0 for a file.</param>
/// <param name="BlockBytes">512 or 4096.</param>
public record BackingConfig(string File, long RamBytes, int BlockBytes)
{
    /// <summary>For people, without the block size.</summary>
    public string Place => File.Length > 0 ? File : $"{RamBytes >> 20} MiB of memory";

    internal static BackingConfig Read(ConfigSection section)
    {
        var file = section.Text("file");
        var ram = section.Number("ramMiB", 1, ConfigLimits.RamMebibytesMax, 0, "MiB", hasDefault: false);
        var block = section.Number("blockBytes", 512, 4096, 512, "bytes");
        if (block is not (512 or 4096))
        {
            section.Wrong("blockBytes", $"{block} is not a block size", "write 512 or 4096");
            block = 512;
        }

        var path = file is null ? "" : Path.GetFullPath(file, section.Document.Folder);
        if (section.Has("file") == section.Has("ramMiB"))
        {
            if (file is not null)
            {
                section.Wrong("ramMiB", "and file are both given", "keep one of them: blocks are either in a file or in memory");
            }
            else
            {
                section.Missing("file", "add file = \"PATH\" (a file or block device), or ramMiB = N");
            }
        }
        else if (file is not null)
        {
            CheckFile(section, path, block);
        }

        return new BackingConfig(path, (long)ram << 20, block);
    }

    private static void CheckFile(ConfigSection section, string path, int block)
    {
        if (Directory.Exists(path))
        {
            section.Wrong("file", $"{path} is a directory", "name a file or a block device");
        }
        else if (!System.IO.File.Exists(path))
        {
            section.Wrong("file", $"{path} does not exist", $"make it, for example: truncate -s 1G {path}");
        }
        else if (System.IO.File.GetAttributes(path).HasFlag(FileAttributes.Normal) && new FileInfo(path) is { Length: var length }
            && (length == 0 || length % block != 0))
        {
            section.Wrong("file", $"{path} has {length} bytes, not a multiple of the block size {block}", $"enlarge it: truncate -s %{block} {path}");
        }
    }
}
