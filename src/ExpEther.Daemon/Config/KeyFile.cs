namespace ExpEther.Daemon.Config;

/// <summary>A file that holds a key, as <c>keyFile</c> or <c>expether keygen --host-key</c> names it: text of 64 hexadecimal digits.</summary>
public static class KeyFile
{
    /// <summary>Reads it, at most <see cref="ConfigLimits.KeyFileCharsMax"/> characters: what is larger is no key, and comes back as empty text.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="text">What it holds, not looked at.</param>
    /// <param name="problem">Where it is not read: what is wrong, and what to do. A file that others can use is not read.</param>
    public static bool TryRead(string path, out string text, out (string What, string Remedy) problem)
    {
        (text, problem) = ("", default);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            var mode = File.GetUnixFileMode(file.SafeFileHandle);
            if (KeyMaterial.IsOpenToOthers(mode) && file.CanSeek)
            {
                problem = ($"{path} can be used by others (mode {Convert.ToString((int)mode, 8)})", $"chmod 600 {path}");
                return false;
            }

            using var reader = new StreamReader(file);
            var read = new char[ConfigLimits.KeyFileCharsMax + 1];
            var length = reader.ReadBlock(read);
            text = length > ConfigLimits.KeyFileCharsMax ? "" : new string(read, 0, length);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = ($"{path} cannot be read: {e.Message}", $"make it: expether keygen {path}");
            return false;
        }
    }
}
